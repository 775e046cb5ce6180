-- What did one file of an import say about one table?
insert into statements (import_id, file, table_name, statement)
select $import_id, $file, $table_name, $statement
