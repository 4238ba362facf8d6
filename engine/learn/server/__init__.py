"""What a server taught → its own version of a style: kept pieces and the shipped checkpoint in, a version or a refusal
out.
"""
