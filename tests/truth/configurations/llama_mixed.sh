./build/bin/llama-server -m models/Qwen3-Coder-30B-A3B-Instruct-UD-Q4_K_XL.gguf -c 65536 -ngl 99 -ot ".ffn_.*_exps.=CPU" -ctk q8_0 -ctv q8_0 --flash-attn on --threads 16 -np 1
