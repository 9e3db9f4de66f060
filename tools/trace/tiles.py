"""MLPs that run a tile of the tokens at a time."""

import math

from fields import get


def tile(model, scenario):
    """Has Axolotl's function run the MLPs of `train.mlp_tiles`.

    Its file src/axolotl/monkeypatch/tiled_mlp/base.py has to be importable as
    axolotl_tiled_mlp.
    """
    tiles = get(scenario, "train.mlp_tiles")
    if tiles is None:
        return
    from axolotl_tiled_mlp import TiledMLP

    if tiles == "auto":
        tiles = math.ceil(get(scenario, "train.sequence_length") / model.config.hidden_size)
    for name, module in model.named_modules():
        if not name.endswith(".mlp"):
            continue
        parameters = [each for each in module.parameters() if each.requires_grad]
        whole = type(module).forward

        def forward(x, module=module, whole=whole, parameters=parameters):
            return TiledMLP.apply(whole, module, x, tiles, parameters)

        module.forward = forward
