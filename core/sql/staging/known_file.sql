-- Has this very file been imported with this very mapping, and how many rows had it?
select file, max(rows_read) as rows_read
from imports
where sha256 = $sha256 and mapping_sha256 = $mapping_sha256
group by file
order by file
