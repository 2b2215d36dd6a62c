"""Where views come in that clients tell in words of their own, a door for each kind of them.

A door is an adapter: it makes of a request what that tells of views, or a refusal, and says what
was made of them in the words of its clients. What is the same for all is in `way_in`, and `table`
has them all.
"""
