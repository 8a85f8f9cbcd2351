// Answers requests with the WebAssembly module of a page, under Node. The requests come from standard input, a JSON array of texts; the
// answers go to standard output, as another.
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";

const page = readFileSync(process.argv[2], "utf8");
const packed = page.match(/<script id="wasm"[^>]*>([^<]*)<\/script>/)[1];
const { instance: { exports: wasm } } = await WebAssembly.instantiate(inflateSync(Buffer.from(packed, "base64")), {});
const encoder = new TextEncoder(), decoder = new TextDecoder();
const answers = JSON.parse(readFileSync(0, "utf8")).map(text => {
  const bytes = encoder.encode(text), at = wasm.request(bytes.length);
  new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  const from = wasm.answer();
  return decoder.decode(new Uint8Array(wasm.memory.buffer, from, wasm.answer_length()));
});
process.stdout.write(JSON.stringify(answers));
