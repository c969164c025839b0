from .commands import main as main
from .commands import supervox as supervox
