-- What was imported, a row a file and table, and what of it was rejected, a row a reason?
-- Of the tables that one file fills, the one that kept most of its rows is the 'import'; the others are 'retold', so that no row of a
-- file counts twice.
select
    case
        when row_number() over (
            partition by import_id, file, sha256
            order by rows_read desc nulls last, rows_kept desc nulls last, table_name asc nulls last
        ) = 1 then 'import'
        else 'retold'
    end as kind,
    table_name, file, rows_read, rows_kept, rows_dropped, rows_quarantined, first_day, last_day, preset as detail
from imports
union all
select
    'rejected' as kind, table_name, file, null as rows_read, null as rows_kept, null as rows_dropped, count(*) as rows_quarantined,
    null as first_day, null as last_day, reason as detail
from quarantine
group by table_name, file, reason
order by kind nulls last, table_name nulls last, file nulls last, rows_read nulls last, detail nulls last
