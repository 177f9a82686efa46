// Writing and reading the little XML the protocol has.

const special = /[&<>"]/;
/** What XML 1.0 cannot carry at all; names with it are percent-encoded and say so (service version 2021-12-02). */
const unrepresentable = /[\p{Cc}\ufffe\uffff]/u;

export function escape(text: string): string {
  if (!special.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** An element with a name of a file in it. */
export function nameElement(element: string, name: string): string {
  if (unrepresentable.test(name)) return `<${element} Encoded="true">${encodeURIComponent(name)}</${element}>`;
  return `<${element}>${escape(name)}</${element}>`;
}

/** The texts of all elements with this name, however deep; for request bodies, which hold no attributes or CDATA. */
export function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</${name}>)`, 'g'))].map(
    (match) => match[1] ?? '',
  );
}

export function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
