"""An estimator as a pickle that can be opened where the project's own modules are not: they travel inside."""

from __future__ import annotations

import sys
import sysconfig
from types import ModuleType
from typing import Any

import cloudpickle

from treadle.errors import InvalidInput


def pickled(estimator: Any) -> bytes:
    """The pickle of `estimator`. Raises `InvalidInput` naming what cannot be pickled."""
    own = [module for name, module in sorted(sys.modules.items()) if _is_own(name, module)]
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(estimator, protocol=5)
    except Exception as error:
        raise InvalidInput(
            f"The estimator can be said neither in ONNX nor as a pickle: {error}.",
            mend="Keep open files, locks and connections out of the estimator.",
            field="estimator",
        ) from error
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)


def _is_own(name: str, module: ModuleType | None) -> bool:
    """Whether a module is the user's own code: neither the standard library, nor installed, nor Treadle, nor the program."""
    file = getattr(module, "__file__", None)
    if not isinstance(module, ModuleType) or not isinstance(file, str) or name == "__main__":
        return False
    if name.partition(".")[0] in ("treadle", *sys.builtin_module_names) or module.__name__ != name:
        return False
    paths = sysconfig.get_paths()
    installed = (paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"])
    return not file.startswith(installed) and "site-packages" not in file
