#!/bin/bash
TP=8
trtllm-serve serve deepseek-ai/DeepSeek-V3 \
  --host 0.0.0.0 --tp_size $TP --ep_size $TP --max_seq_len 32768 \
  --kv_cache_dtype fp8 --extra_llm_api_options ./extra-llm-api-config.yml
