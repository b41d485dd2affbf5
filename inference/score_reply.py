"""How a scoring child replies: one byte, and then JSON, either a client's answer or a code and a message.

Apart from both, so that the parent imports no runtime, no codec and no numpy.
"""

ANSWER, FAULT = b"+", b"-"
