"""Linear layers that torchao runs: in fp8, or rounded as if quantised."""

from runtime import torch

from fields import get

# Recipes by what a Scenario calls them.
RECIPES = {"tensorwise": "tensorwise", "rowwise": "rowwise", "rowwise-gw": "rowwise_with_gw_hp"}


def convert(model, scenario):
    """Converts linear layers but the head for `precision.fp8` and `quantization.qat`.

    torchao has to be installed for either.
    """
    recipe = get(scenario, "precision.fp8")
    if recipe is not None:
        from torchao.float8 import Float8LinearConfig, convert_to_float8_training

        convert_to_float8_training(
            model,
            config=Float8LinearConfig.from_recipe_name(RECIPES[recipe]),
            module_filter_fn=lambda module, name: not name.endswith("lm_head")
            and module.in_features % 16 == 0
            and module.out_features % 16 == 0,
        )
    rounded = get(scenario, "quantization.qat")
    if rounded is not None:
        _round(model, rounded, get(scenario, "quantization.group_size", 128))


def _round(model, how, group):
    from torchao.quantization import quantize_
    from torchao.quantization.qat import IntxFakeQuantizeConfig, QATConfig

    activations = IntxFakeQuantizeConfig(torch.int8, "per_token", is_symmetric=False)
    quantize_(
        model,
        QATConfig(
            activation_config=activations if how == "int8-int4" else None,
            weight_config=IntxFakeQuantizeConfig(torch.int4, group_size=group),
            step="prepare",
        ),
        lambda module, name: isinstance(module, torch.nn.Linear)
        and not name.endswith("lm_head")
        and module.in_features % group == 0,
    )
