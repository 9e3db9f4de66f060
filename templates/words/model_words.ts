/** What tells of a model and its programs, in a sentence each, by a field's path. */
export const MODEL_WORDS: Record<string, string> = {
  "model":
    "A name of the catalogue or of the Hugging Face Hub: its config.json tells every tensor.",
  "model.config": "The config.json of a model that nobody has published.",
  "model.dims.parameters":
    "All parameters, where you know the number; it comes before the count.",
  "model.dims.layers": "Blocks of attention and MLP, one after another.",
  "model.dims.hidden_size": "Numbers that stand for a token between layers.",
  "model.dims.attention_heads": "Heads of queries in a layer.",
  "model.dims.kv_heads":
    "Heads of keys and values: fewer than heads of queries make a smaller KV cache.",
  "model.dims.head_dim": "Numbers of a head; blank is hidden size ÷ heads.",
  "model.dims.intermediate_size": "The MLP's inner size.",
  "model.dims.vocab_size":
    "Words that the model knows; the logits have one number for each.",
  "model.dims.tie_embeddings":
    "Whether the head that gives logits is the table of embeddings.",
  "model.dims.gated_mlp":
    "Whether the MLP has a gate: three matrices, not two.",
  "model.dims.experts": "Experts of a layer, of which each token uses a few.",
  "model.dims.experts_per_token": "Experts that a token uses.",
  "model.dims.expert_intermediate_size": "The inner size of one expert.",
  "model.dims.shared_expert_intermediate_size":
    "The inner size of the expert that every token uses.",
  "model.dims.max_position_embeddings":
    "The longest sequence that the model was made for.",
  "software.model_code":
    "Whose code of the model runs: it decides what is kept for the backward pass.",
  "software.transformers": "The release of transformers, such as 4.57.0.",
  "software.torch": "The release of PyTorch, such as 2.9.0.",
  "software.peft": "The release of PEFT, which makes the adapters.",
  "software.trl": "The release of TRL, which trains.",
  "software.bitsandbytes": "The release of bitsandbytes, which quantises.",
  "software.accelerate": "The release of accelerate, which prepares the model.",
};
