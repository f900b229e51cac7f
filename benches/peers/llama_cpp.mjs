// llama.cpp doing the decoder's work of a question about a page: a prompt of 2,928 positions, then
// some tokens one by one.
//
//     npm install --ignore-scripts node-llama-cpp          (brings prebuilt binaries)
//     node benches/peers/llama_cpp.mjs MODEL.gguf [THREADS] [PROMPT] [TOKENS]
//
// Prints one JSON object. The model comes from benches/peers/gguf_model.py.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// From where it was installed: the current folder.
const found = createRequire(process.cwd() + "/").resolve("node-llama-cpp");
const { getLlama } = await import(pathToFileURL(found));
const [file, threads = "2", prompt = "2928", tokens = "32"] = process.argv.slice(2);
const count = Number(prompt);
const started = performance.now();
const llama = await getLlama({ gpu: false, build: "never", maxThreads: Number(threads) });
const model = await llama.loadModel({ modelPath: file, useMmap: true });
const context = await model.createContext({
    contextSize: count + Number(tokens) + 8,
    batchSize: 512,
    threads: Number(threads),
});
const loaded = performance.now();
const sequence = context.getSequence();
const ids = Array.from({ length: count }, (_, at) => 100 + (at * 7919) % 31000);
let made = 0;
let first = 0;
for await (const _ of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    made += 1;
    if (made === 1) first = performance.now();
    if (made > Number(tokens)) break;
}
const ended = performance.now();
console.log(JSON.stringify({
    threads: Number(threads),
    load_s: (loaded - started) / 1e3,
    prompt_tokens: count,
    prefill_s: (first - loaded) / 1e3,
    tokens: made - 1,
    tokens_per_second: (made - 1) / ((ended - first) / 1e3),
    peak_mib: process.resourceUsage().maxRSS / 1024,
}));
await llama.dispose();
