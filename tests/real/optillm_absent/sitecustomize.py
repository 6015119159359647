"""Hollow modules for the heavy packages that OptiLLM 0.4.0 imports and its proxy path never uses.

OptiLLM skips a plugin whose imports fail, and only a loaded plugin's name is stripped
from a model name. The test of the route must see the names a full installation strips
(`router` above all, which imports torch), so every package below that is not installed
is answered with an empty module. Nothing of it can compute anything: using one raises
or does nothing. Put this folder on PYTHONPATH to switch it on.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

HOLLOW = {
    "bs4", "huggingface_hub", "math_verify", "nbconvert", "nbformat", "outlines",
    "presidio_analyzer", "presidio_anonymizer", "safetensors", "selenium", "sklearn",
    "spacy", "torch", "transformers", "webdriver_manager",
}


class Hollow(types.ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = type(name, (), {"__module__": self.__name__})
        setattr(self, name, found)
        return found


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers last, so a package that is installed is used."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in HOLLOW:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        return Hollow(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(Finder())
