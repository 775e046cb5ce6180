-- When the warehouse last took in a file.
select max(imported_at) as imported_at
from imports
