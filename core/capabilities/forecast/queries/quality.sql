-- What was imported, what was rejected, what is missing, how fresh it is.
select * from quality order by kind, table_name, rows_quarantined desc nulls last, file, detail
