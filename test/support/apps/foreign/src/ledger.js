const { TableClient } = require('@azure/data-tables');

let table;

/** One row an order: what has happened to it. */
module.exports.write = async function write(order, what) {
  table ??= TableClient.fromConnectionString(process.env.AzureWebJobsStorage, 'ledger', {
    allowInsecureConnection: true,
  });
  await table.upsertEntity({ partitionKey: what, rowKey: String(order), attempts: process.env.Attempts });
};
