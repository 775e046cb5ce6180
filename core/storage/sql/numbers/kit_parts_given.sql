-- Which parts have the kits?
select kit_id as kit, part_id as part, units
from stored.kit_parts
order by kit_id nulls last, part_id nulls last
