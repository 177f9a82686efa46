// What the Table service promises, asked through the official client: run against the embedded service and against
// Azurite, so that neither our reading of the documentation nor the emulator's is the only witness.
import { afterAll, beforeAll, describe } from '@jest/globals';
import { accessPromises } from './access.ts';
import { entityPromises } from './entities.ts';
import { limitPromises } from './limits.ts';
import { queryPromises } from './queries.ts';
import { type Endpoint, suiteFor } from './suite.ts';
import { tablePromises } from './table-names.ts';
import { transactionPromises } from './transactions.ts';

/** `deviates`: what another implementation is known not to keep, each with its reason at the caller. */
export function tableContract(name: string, start: () => Promise<Endpoint>, deviates: readonly string[] = []): void {
  describe(name, () => {
    let endpoint: Endpoint;
    beforeAll(async () => {
      endpoint = await start();
    });
    afterAll(() => endpoint.stop());
    const suite = suiteFor(() => endpoint, deviates);
    tablePromises(suite);
    entityPromises(suite);
    queryPromises(suite);
    transactionPromises(suite);
    accessPromises(suite);
    limitPromises(suite);
  });
}
