-- Which rows were rejected, in which lines, and why?
insert into quarantine (import_id, file, table_name, line, column_name, value, reason)
select
    $import_id, $file, $table_name, line, list_extract($columns::varchar[], problem),
    regexp_replace(left(problem_value, 200), '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+', '[mail]', 'g'),
    coalesce(broken, list_extract($reasons::varchar[], problem))
from refused
