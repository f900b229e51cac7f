"""Writes a GGUF file of a Llama with random weights, for benches/peers/llama_cpp.mjs.

    pip install gguf sentencepiece numpy
    python3 benches/peers/gguf_model.py 1b|7b q4_0|q8_0|bf16 TOKENIZER.model OUT.gguf

The shapes are those of `examples/synthesize`; quants are random bytes and scales are constant, which
changes nothing about speed.
"""
import sys

import gguf
import numpy as np
import sentencepiece

shape, kind, tokenizer, out = sys.argv[1:]
LAYERS, WIDTH, INNER, HEADS, GROUPS = {
    "1b": (22, 2048, 5632, 32, 4),
    "7b": (32, 4096, 11008, 32, 32),
}[shape]
VOCABULARY = 32000
TYPE = getattr(gguf.GGMLQuantizationType, kind.upper())
random = np.random.default_rng(1)


def matrix(rows, columns):
    """Raw bytes of a matrix `[rows, columns]` in the file's type."""
    if kind == "bf16":
        values = random.standard_normal((rows, columns), dtype=np.float32) * np.float32(0.02)
        return (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    size = {"q4_0": 18, "q8_0": 34}[kind]
    blocks = random.integers(0, 256, (rows, columns // 32, size), dtype=np.uint8)
    step = 0.02 / {"q4_0": 4, "q8_0": 73}[kind]
    blocks[:, :, :2] = np.frombuffer(np.float16(step).tobytes(), np.uint8)
    return blocks.reshape(rows, -1)


writer = gguf.GGUFWriter(out, "llama")
writer.add_context_length(4096)
writer.add_embedding_length(WIDTH)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(GROUPS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_vocab_size(VOCABULARY)
pieces = sentencepiece.SentencePieceProcessor(tokenizer)
writer.add_tokenizer_model("llama")
writer.add_token_list([pieces.id_to_piece(i).encode() for i in range(VOCABULARY)])
writer.add_token_scores([pieces.get_score(i) for i in range(VOCABULARY)])
kinds = [
    gguf.TokenType.UNKNOWN if pieces.is_unknown(i)
    else gguf.TokenType.CONTROL if pieces.is_control(i)
    else gguf.TokenType.BYTE if pieces.is_byte(i)
    else gguf.TokenType.NORMAL
    for i in range(VOCABULARY)
]
writer.add_token_types(kinds)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)


def add(name, rows, columns):
    data = matrix(rows, columns)
    writer.add_tensor(name, data, raw_dtype=TYPE)


def add_norm(name):
    writer.add_tensor(name, np.ones(WIDTH, np.float32))


KEYS = WIDTH // HEADS * GROUPS
add("token_embd.weight", VOCABULARY, WIDTH)
for layer in range(LAYERS):
    place = f"blk.{layer}."
    add_norm(place + "attn_norm.weight")
    add(place + "attn_q.weight", WIDTH, WIDTH)
    add(place + "attn_k.weight", KEYS, WIDTH)
    add(place + "attn_v.weight", KEYS, WIDTH)
    add(place + "attn_output.weight", WIDTH, WIDTH)
    add_norm(place + "ffn_norm.weight")
    add(place + "ffn_gate.weight", INNER, WIDTH)
    add(place + "ffn_up.weight", INNER, WIDTH)
    add(place + "ffn_down.weight", WIDTH, INNER)
add_norm("output_norm.weight")
add("output.weight", VOCABULARY, WIDTH)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file(progress=True)
writer.close()
