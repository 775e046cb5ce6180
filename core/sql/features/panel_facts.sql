select count(*) as rows, list(distinct segment order by segment) as segments from panel_rows
