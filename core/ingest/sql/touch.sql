-- From which day on must features of this table be built again?
insert into touched (table_name, first_day, import_id)
select $table_name, $first_day, $import_id
