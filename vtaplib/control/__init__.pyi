from .cloud import Cloud as Cloud
from .cloud import SubscriptionHandle as SubscriptionHandle
from .control_plane import ControlPlane as ControlPlane
from .overlay import Overlay as Overlay
