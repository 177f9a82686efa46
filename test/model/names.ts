/** What somebody makes in the name of others, and nobody else ever makes. */
export const forgedName = 'made by who was not asked';
/** What she makes in her own. */
export const givenName = 'given';
