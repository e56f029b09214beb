"""Saves small Keras models, one for each layer that Pare reads, as a corpus for keras_reader_fuzz.

    scripts/peers.sh run fuzz/make_keras_seeds.py FOLDER       (the large set of peers)

Each model gives an .h5, a .keras and its architecture as JSON.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "peers"))

import keras
import keras_zoo
import tf_keras


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    kept = 0
    for generation in (tf_keras, keras):
        for name, model in keras_zoo.zoo(generation):
            stem = folder / f"{generation.__name__}_{name}"
            for ending in (".h5", ".keras"):
                model.save(f"{stem}{ending}")
            stem.with_suffix(".json").write_text(model.to_json())
            kept += 3
    print(f"{kept} files in {folder}")


if __name__ == "__main__":
    main()
