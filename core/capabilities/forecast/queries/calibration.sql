-- Of the products given a chance of x, how many rose?
select predicted, observed, rows from calibration order by predicted nulls last
