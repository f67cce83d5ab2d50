from .cloud import Cloud as Cloud
from .cloud import SubscriptionHandle as SubscriptionHandle
from .overlay import Overlay as Overlay
