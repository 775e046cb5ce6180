-- Which columns do the warehouse's tables have?
select table_name, column_name, data_type
from information_schema.columns
order by table_name, ordinal_position
