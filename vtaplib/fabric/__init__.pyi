from .connections import Connections as Connections
from .fabric import Fabric as Fabric
from .path_trace import Drop as Drop
from .path_trace import PathStage as PathStage
from .path_trace import PathStep as PathStep
from .path_trace import PathTrace as PathTrace
from .routing import Unrouted as Unrouted
from .topology import Topology as Topology
