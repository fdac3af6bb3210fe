// Runs a model once in onnxruntime-web (WebAssembly, one thread), as a page would.
//
//   node run.mjs PACKAGES MODEL TYPE DIMS < values > values
//
// PACKAGES: the folder with node_modules; TYPE: float32 or uint8; DIMS: 1x1x8x9. The values of the
// input "input" and of the output "output" are raw little-endian bytes; the output's type and sizes
// go to stderr as JSON.

import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, model, type, dims] = process.argv.slice(2);
const ort = createRequire(`${packages}/`)("onnxruntime-web");
ort.env.wasm.numThreads = 1;

const bytes = new Uint8Array(readFileSync(0));
const values = type === "float32" ? new Float32Array(bytes.buffer) : bytes;
const input = new ort.Tensor(type, values, dims.split("x").map(Number));

const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(model)), {
  executionProviders: ["wasm"],
});
const { output } = await session.run({ input });

console.error(JSON.stringify({ type: output.type, dims: output.dims }));
const result = new Uint8Array(output.data.buffer, output.data.byteOffset, output.data.byteLength);
for (let written = 0; written < result.length; ) {
  written += writeSync(1, result, written);
}
