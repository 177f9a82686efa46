// What the Table service promises, asked through the official client: of the embedded service, and of any other that is
// named (elsewhere.ts), so that our reading of the documentation need not be the only witness.
import { afterAll, beforeAll, describe } from '@jest/globals';
import { accessPromises } from './access.ts';
import { entityPromises } from './entities.ts';
import { limitPromises } from './limits.ts';
import { queryPromises } from './queries.ts';
import { servicePromises } from './service.ts';
import { type Endpoint, suiteFor } from './suite.ts';
import { tablePromises } from './table-names.ts';
import { transactionPromises } from './transactions.ts';

/** What another implementation is known not to keep (`deviates`), and what it cannot be asked at all (`without`). */
export interface Known {
  readonly deviates: readonly string[];
  readonly without: readonly string[];
}

export function tableContract(
  name: string,
  start: () => Promise<Endpoint>,
  known: Known = { deviates: [], without: [] },
): void {
  describe(name, () => {
    let endpoint: Endpoint;
    beforeAll(async () => {
      endpoint = await start();
    });
    afterAll(async () => {
      await suite.removeTables();
      await endpoint.stop();
    });
    const suite = suiteFor(() => endpoint, known);
    servicePromises(suite);
    tablePromises(suite);
    entityPromises(suite);
    queryPromises(suite);
    transactionPromises(suite);
    accessPromises(suite);
    limitPromises(suite);
  });
}
