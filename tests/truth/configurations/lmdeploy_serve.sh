lmdeploy serve api_server internlm/internlm3-8b-instruct --tp 2 --cache-max-entry-count 0.8 --session-len 32768 --quant-policy 8 --server-port 23333
