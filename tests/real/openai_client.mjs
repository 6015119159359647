// The `openai` Node client against a gateway: what people do with it, and what they get.
//
//     node openai_client.mjs PACKAGE URL BACKEND
//
// PACKAGE is the folder with the client, URL ends with /v1 and has the model `m`, BACKEND is the address of `backend.py`
// behind it. It prints one JSON object: what the client returned, for the test to judge.

import { pathToFileURL } from 'node:url';

const [folder, url, backend] = process.argv.slice(2);
const { default: OpenAI, toFile } = await import(pathToFileURL(`${folder}/index.mjs`).href);
const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
const said = (content) => [{ role: 'user', content }];
const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];
const ask = async (path) => (await fetch(`http://${backend}${path}`)).json();

async function streamed() {
  const words = [];
  let usage = null;
  const stream = await client.chat.completions.create({ model: 'm', messages: said('a bé 🎉'), stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    for (const choice of chunk.choices) if (choice.delta.content) words.push(choice.delta.content);
    usage = chunk.usage?.total_tokens ?? usage;
  }
  return [words, usage];
}

async function toolCalls() {
  const whole = await client.chat.completions.create({ model: 'm', messages: said('call'), tools });
  const first = whole.choices[0].message.tool_calls[0].function;
  let name = '', text = '';
  for await (const chunk of await client.chat.completions.create({ model: 'm', messages: said('call'), tools, stream: true })) {
    for (const part of chunk.choices[0].delta.tool_calls ?? []) {
      name += part.function.name ?? '';
      text += part.function.arguments ?? '';
    }
  }
  return [[first.name, JSON.parse(first.arguments)], [name, JSON.parse(text)]];
}

async function responses() {
  const whole = await client.responses.create({ model: 'm', input: 'hello there' });
  const kinds = [];
  let text = '';
  for await (const event of await client.responses.create({ model: 'm', input: 'hello there', stream: true })) {
    kinds.push(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  return [whole.output_text, text, kinds.at(0), kinds.at(-1)];
}

async function error(content, model = 'm') {
  try {
    await client.chat.completions.create({ model, messages: said(content) });
  } catch (problem) {
    return [problem.constructor.name, problem.status, problem.code];
  }
  return ['none'];
}

async function cancelled() {
  const stream = await client.chat.completions.create({ model: 'm', messages: said('wait'), stream: true });
  for await (const chunk of stream) {
    const word = chunk.choices[0].delta.content;
    if (word) {
      stream.controller.abort();
      return [word, await ask('/closed')];
    }
  }
  return ['ended'];
}

async function aborted() {
  await ask('/seen');
  const controller = new AbortController();
  const answer = client.chat.completions.create({ model: 'm', messages: said('wait') }, { signal: controller.signal });
  const settled = answer.then(() => 'answered', (problem) => problem.constructor.name);
  while (!(await ask('/seen')).some((it) => it.path.endsWith('/chat/completions')));
  controller.abort();
  return [await settled, await ask('/closed')];
}

const chat = await client.chat.completions.create({ model: 'm', messages: said('hello there') });
const vectors = await client.embeddings.create({ model: 'm', input: ['a', 'b'] });
const plain = await client.embeddings.create({ model: 'm', input: 'a', encoding_format: 'float' });
const bytes = Buffer.from(Array.from({ length: 5120 }, (_, at) => at % 256));
const heard = await client.audio.transcriptions.create({ model: 'm', file: await toFile(bytes, 'a.wav', { type: 'audio/wav' }) });
const spoken = await (await client.audio.speech.create({ model: 'm', input: 'hello', voice: 'alloy' })).arrayBuffer();
const models = [];
for await (const model of client.models.list()) models.push(model.id);
console.log(JSON.stringify({
  chat: [chat.choices[0].message.content, chat.model, chat.usage.total_tokens],
  stream: await streamed(),
  tools: await toolCalls(),
  embeddings: [vectors.data.map((it) => Array.from(it.embedding)), plain.data[0].embedding],
  responses: await responses(),
  completion: (await client.completions.create({ model: 'm', prompt: 'hello' })).choices[0].text,
  transcription: heard.text,
  speech: spoken.byteLength,
  image: (await client.images.generate({ model: 'm', prompt: 'a cat' })).data[0].b64_json,
  models,
  model: (await client.models.retrieve('m')).id,
  errors: { 400: await error('status 400'), nobody: await error('hello', 'nobody') },
  cancelled: await cancelled(),
  cancelled_task: await aborted(),
}));
