./build/bin/llama-server -m /models/Qwen3-30B-A3B-Q4_K_M.gguf \
  -c 65536 -ngl 99 -ncmoe 20 -fa on -ctk q8_0 -ctv q8_0 \
  -np 2 -b 4096 -ub 1024 --jinja --host 0.0.0.0 --port 8080 -t 16
