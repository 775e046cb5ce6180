-- What is the number of the next import?
select coalesce(max(cast(import_id as bigint)), 0) + 1 as number
from imports
