import { TidewayError } from '../../base/errors.ts';

/** The app settings: environment of the worker, and what bindings refer to by name. Names ignore case, as on Azure. */
export class AppSettings {
  readonly #values: ReadonlyMap<string, string>;

  constructor(settings: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(settings).map(([name, value]) => [name.toLowerCase(), value]));
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  /** Replaces every `%name%` of a binding's option. Errors: `binding_unresolved`. */
  resolve(text: string): string {
    return text.replace(/%([^%]+)%/g, (_, name: string) => {
      const value = this.get(name);
      if (value === undefined)
        throw new TidewayError('binding_unresolved', `'%${name}%' does not resolve to a value.`, {
          hint: `Add the app setting ${name}.`,
        });
      return value;
    });
  }

  /** The connection string of a connection name: the setting of that name, or with AzureWebJobs before it. */
  connection(name: string): string {
    const value = this.get(`AzureWebJobs${name}`) ?? this.get(name);
    if (value === undefined || value === '')
      throw new TidewayError('connection_missing', `The connection string '${name}' is missing or empty.`, {
        hint: `Add the app setting ${name}.`,
      });
    return value;
  }

  isDisabled(functionName: string): boolean {
    const value =
      this.get(`AzureWebJobs.${functionName}.Disabled`) ?? this.get(`AzureWebJobs_${functionName}_Disabled`);
    return value !== undefined && ['true', '1'].includes(value.toLowerCase());
  }
}
