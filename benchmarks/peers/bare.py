"""No client at all: bytes over sockets, the most that the stub and this machine allow.

Run by `benchmarks/teacher.py`. It checks nothing but the length of what comes back.
"""

import asyncio
import json
from urllib.parse import urlsplit

from measuring import measured, parser, prompt_text, tell


async def ask_all(url: str, calls: int, parallel: int) -> int:
    """How many calls were answered with 200."""
    place = urlsplit(url)
    left, answered = iter(range(calls)), 0

    async def work() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for number in left:
            said = [{"role": "user", "content": prompt_text(number)}]
            body = json.dumps({"model": "m", "messages": said}).encode()
            head = f"POST {place.path}/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}"
            writer.write(f"{head}\r\n\r\n".encode() + body)
            told = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(told.partition(b"Content-Length: ")[2].split()[0]))
            answered += told.startswith(b"HTTP/1.1 200 ")
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(work() for _ in range(parallel)))
    return answered


if __name__ == "__main__":
    asked = parser().parse_args()
    with measured() as cost:
        answers = asyncio.run(ask_all(asked.url, asked.calls, asked.parallel))
    tell(versions={}, answered=answers, seconds=cost.seconds, cpu_s=cost.cpu_s)
