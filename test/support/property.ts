// Properties with one seed for everybody, so that a red suite means a change. Others, and more of them:
//   PROPERTY_SEED=1234 npx jest test/local/tables
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['PROPERTY_SEED'] ?? 1) });

export default fc;
