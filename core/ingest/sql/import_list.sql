-- Which files did each import read, the newest first?
select import_id, max(imported_at) as imported_at, string_agg(distinct file, ', ') as files
from imports
group by import_id
order by import_id desc nulls last
