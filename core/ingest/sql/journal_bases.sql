-- Up to which import did an earlier version, which kept no journal, fill the warehouse?
select max(import_id) as last_import
from imports
where not exists (select import_id from journal)
