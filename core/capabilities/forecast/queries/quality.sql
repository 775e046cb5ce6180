-- What was imported, what was rejected, what is missing, how fresh it is.
select * from quality order by kind nulls last, table_name nulls last, rows_quarantined desc nulls last, file nulls last, detail nulls last
