-- How good was the model on weeks it had not seen?
select metric, value, low, high from metrics where slice = 'all' order by metric nulls last
