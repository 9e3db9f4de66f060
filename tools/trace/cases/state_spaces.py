"""State spaces, whose kernels state_space_packages.py stands for."""

from .scenario import merged, scenario

STATE_SPACES = {
    "mamba": dict(state_size=16, hidden_size=256, intermediate_size=512, time_step_rank=16),
    "falcon_mamba": dict(state_size=16, hidden_size=256, intermediate_size=512, time_step_rank=16),
    "mamba2": dict(state_size=64, hidden_size=256, num_heads=8, head_dim=64, n_groups=2, chunk_size=128),
    "jamba": dict(
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_experts=1,
        attn_layer_period=2,
        attn_layer_offset=1,
        mamba_dt_rank=16,
    ),
    "bamba": dict(
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_layer_indices=[1],
        mamba_n_heads=8,
        mamba_d_head=64,
        mamba_n_groups=1,
        mamba_d_state=64,
    ),
    "granitemoehybrid": dict(
        hidden_size=256,
        intermediate_size=512,
        shared_intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_local_experts=0,
        layer_types=["mamba", "attention", "mamba"],
        mamba_n_heads=8,
        mamba_d_head=64,
        mamba_n_groups=1,
        mamba_d_state=64,
    ),
    "nemotron_h": dict(
        hidden_size=256,
        intermediate_size=512,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        layers_block_type=["mamba", "mlp", "attention", "mamba"],
        mamba_num_heads=8,
        mamba_head_dim=64,
        n_groups=2,
        ssm_state_size=64,
    ),
}
STATE_SPACES["jamba experts"] = STATE_SPACES["jamba"] | dict(num_experts=4, num_experts_per_tok=2)
STATE_SPACES["granitemoehybrid experts"] = STATE_SPACES["granitemoehybrid"] | dict(
    num_local_experts=4, num_experts_per_tok=2
)
STATE_SPACE_SETTINGS = {
    "full bf16": {},
    "full bf16 checkpointing": {"train": {"checkpointing": "full"}},
    "full fp32": {"precision": {"weights": "fp32"}},
    "full fp32 autocast": {"precision": {"weights": "fp32", "autocast": "bf16"}},
    "full fp32 autocast checkpointing": {
        "precision": {"weights": "fp32", "autocast": "bf16"},
        "train": {"checkpointing": "full"},
    },
    "full bf16 mask": {"train": {"padding_mask": True}},
    "lora": {"train": {"method": "lora", "lora": {"rank": 16, "targets": ["in_proj", "x_proj"]}}},
    "lora autocast checkpointing": {
        "train": {
            "method": "lora",
            "checkpointing": "full",
            "lora": {"rank": 16, "targets": ["in_proj", "x_proj"]},
        },
        "precision": {"autocast": "bf16"},
    },
}
STATE_SPACE_SHAPES = [(2, 512), (1, 3000), (4, 256)]


def cases():
    for index, (name, config) in enumerate(STATE_SPACES.items()):
        for place, (setting, change) in enumerate(STATE_SPACE_SETTINGS.items()):
            batch, sequence = STATE_SPACE_SHAPES[(place + index) % len(STATE_SPACE_SHAPES)]
            whole = {
                "model_type": name.split()[0],
                "num_hidden_layers": 3,
                "vocab_size": 4000,
                "pad_token_id": 0,
                **config,
            }
            attention = "eager" if "num_attention_heads" not in config else "sdpa"
            change = merged({"train": {"attention": attention}, "hardware": {"gpu": "A100-80GB"}}, change)
            yield (
                f"state space {name} {setting} {batch}x{sequence}",
                scenario(whole, change, batch, sequence),
            )
