-- Which rows were rejected, in which lines, and why? Of a value only what is not about a person.
insert into quarantine (import_id, file, table_name, line, column_name, value, reason)
select
    $import_id, $file, $table_name, refused.line, list_extract($columns::varchar[], refused.problem),
    left(coalesce(shown_values.replacement, refused.problem_value), 200),
    coalesce(refused.broken, list_extract($reasons::varchar[], refused.problem))
from refused
left join shown_values on refused.problem_value = shown_values.text
