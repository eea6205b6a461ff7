// SPDX-License-Identifier: Apache-2.0
// Searches in vector stores by their own clients (npm), and openai's.
//
// usage: node stores.mjs qdrant|chroma|pinecone|weaviate|openai SOURCE:LIMIT...
//
// Prints one JSON line for each search: the ids of what the client was given.
const [store, ...searches] = process.argv.slice(2);
const host = process.env.STORE_HOST, key = 'sk-mock-0123456789abcdef';
const vector = [0.1, -0.25];

// Each gives a list of [name, search(source, limit) -> ids].
const stores = {
  async qdrant() {
    const { QdrantClient } = await import('@qdrant/js-client-rest');
    const c = new QdrantClient({ host, port: 443, https: true, checkCompatibility: false,
      apiKey: key });
    return [
      ['query', async (s, limit) =>
        (await c.query(s, { query: vector, limit })).points.map((h) => h.id)],
      ['batch', async (s, limit) => {
        const one = { query: vector, limit };
        return (await c.queryBatch(s, { searches: [one, one] }))
          .flatMap((r) => r.points.map((h) => h.id));
      }],
      ['groups', async (s, limit) => (await c.queryGroups(s, { query: vector, limit,
        group_by: 'g' })).groups.flatMap((g) => g.hits.map((h) => h.id))],
    ];
  },
  async chroma() {
    const { ChromaClient } = await import('chromadb');
    const c = new ChromaClient({ host, port: 443, ssl: true, tenant: 't', database: 'd' });
    return [['query', async (name, nResults) => {
      const found = await (await c.getCollection({ name, embeddingFunction: {
        generate: async (texts) => texts.map(() => vector), name: 'ours' } }))
        .query({ queryTexts: ['how?'], nResults });
      return found.ids.flat();
    }]];
  },
  async pinecone() {
    const { Pinecone } = await import('@pinecone-database/pinecone');
    const index = new Pinecone({ apiKey: key, maxRetries: 0 })
      .index({ host: `https://${host}` });
    return [['query', async (s, topK) => (await index.namespace(s)
      .query({ vector, topK, includeMetadata: true })).matches.map((h) => h.id)]];
  },
  async weaviate() {
    const { default: weaviate } = await import('weaviate-ts-client');
    const c = weaviate.client({ scheme: 'https', host });
    return [['get', async (name, limit) => {
      const r = await c.graphql.get().withClassName(name).withFields('title')
        .withNearText({ concepts: ['how'] }).withLimit(limit).do();
      if (r.errors) throw new Error(r.errors[0].message);
      return r.data.Get[name].map((h) => h.title);
    }]];
  },
  async openai() {
    const { default: OpenAI } = await import('openai');
    const c = new OpenAI({ apiKey: key, baseURL: `https://${host}/v1`, maxRetries: 0 });
    return [['search', async (s, limit) => (await c.vectorStores.search(s, { query: 'how?',
      max_num_results: limit })).data.map((h) => h.file_id)]];
  },
};

for (const [name, search] of await stores[store]()) {
  for (const one of searches) {
    const [source, limit] = one.split(':');
    const row = { search: name, source, limit: Number(limit), ids: null, error: null };
    try {
      row.ids = await search(source, row.limit);
    } catch (e) {
      row.error = e.constructor.name;
      row.says = String(e.message).slice(0, 200);
    }
    console.log(JSON.stringify(row));
  }
}
