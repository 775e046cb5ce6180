-- Under which rules was the snapshot made, and from what?
select section, name, value
from rules
order by section nulls last, name nulls last
