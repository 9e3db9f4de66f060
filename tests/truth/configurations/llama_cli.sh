llama-cli -hf ggml-org/gpt-oss-20b-GGUF:MXFP4 -c 0 -ngl all -fa auto --swa-full -ts 3,1 -p "Hello" -n 128 --temp 0.8
