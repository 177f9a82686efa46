import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';

/** A body that is JSON text, or the answer that says that it is not. */
export type Json = { readonly text: string } | { readonly answer: HttpAnswer };

/** `otherwise` stands for an empty body; undefined: an empty one is wrong. */
export function jsonBody(request: HttpRequest, otherwise?: string): Json {
  const text = request.body.toString();
  if (text.trim() === '' && otherwise !== undefined) return { text: otherwise };
  try {
    return { text: JSON.stringify(JSON.parse(text)) };
  } catch (error) {
    return {
      answer: jsonAnswer(400, failed('Invalid JSON content', String(error), 'Newtonsoft.Json.JsonReaderException')),
    };
  }
}

export function isJson(request: HttpRequest): boolean {
  return (request.headers['content-type'] ?? '').toLowerCase().startsWith('application/json');
}

export function failed(message: string, exception: string, type: string): Record<string, string> {
  return { Message: message, ExceptionMessage: exception, ExceptionType: type, StackTrace: `   at ${type}` };
}

export function wentWrong(text: string): HttpAnswer {
  const message = 'Something went wrong while processing your request';
  return jsonAnswer(500, failed(message, text, 'System.InvalidOperationException'));
}

/** A text that is JSON itself. */
export function quoted(status: number, text: string): HttpAnswer {
  return jsonAnswer(status, text);
}
