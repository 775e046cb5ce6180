-- How many rows has this very file, if it need not be read again? It need not if it was imported with this very mapping, every row was
-- fit, the shop's currency has been the same since, and what came into its tables after it is still to come ($coming) or was nothing.
with own as (
    select table_name, max(rowid) as place, max(rows_read) as rows_read, arg_max(rows_quarantined, rowid) as unfit
    from imports
    where file = $file and sha256 = $sha256 and mapping_sha256 = $mapping_sha256
    group by table_name
),

changed_since as (
    select imports.file
    from imports
    inner join own on imports.table_name = own.table_name and imports.rowid > own.place
    where imports.rows_kept > 0
        and not (list_contains($coming, concat(imports.sha256, imports.file)) and coalesce(imports.mapping_sha256, '') = $mapping_sha256)
),

priced_otherwise as (
    select file
    from imports
    where rowid >= (select min(place) from own) and currency is distinct from $currency
)

select case when max(unfit) = 0 then max(rows_read) end as rows_read
from own
where not exists (select file from changed_since) and not exists (select file from priced_otherwise)
