/** What a narrative may hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { narrativeFault } from './narrative.ts'

const CASES: readonly (readonly [text: string, fault: ReturnType<typeof narrativeFault>])[] = [
  ['<div xmlns="http://www.w3.org/1999/xhtml">x</div>', null],
  [' <div>\n<p class="a" style=\'color: red\'>a &lt; b&nbsp;&#160;&#xA0;</p><br/><hr />\n</div> ', null],
  ['<div><!-- a - b --><table border="1"><tbody><tr><td colspan="2">1</td></tr></tbody></table></div>', null],
  ['<div><img src="#p" alt="x"/></div>', null],
  ['<div><img src="data:image/png;base64,AA=="/></div>', null],
  ['<div><a href="https://x.org/?a=1&amp;b=2" title="a > b">x</a> <a name="y">1:2</a></div>', null],
  ['<div><a href="Patient/1">x</a><a href="mailto:a@b.c">y</a></div>', null],
  ['<div lang="de" xml:lang="de">x</div>', null],
  ['<div><script>alert(1)</script></div>', 'txt-1'],
  ['<div><SCRIPT>alert(1)</SCRIPT></div>', 'txt-1'],
  ['<div><b onclick="x()">x</b></div>', 'txt-1'],
  ['<div><img src="x" onerror="x()"/></div>', 'txt-1'],
  ['<div><a href="javascript:x()">x</a></div>', 'txt-1'],
  ['<div><a href=" java&#x0A;scr&#105;pt&#58;x()">x</a></div>', 'txt-1'],
  ['<div><a href="javascript&colon;x()">x</a></div>', 'txt-1'],
  ['<div><a href="data:text/html,x">x</a></div>', 'txt-1'],
  ['<div><img src="data:image/svg+xml,x"/></div>', 'txt-1'],
  ['<div><iframe src="https://x.org"></iframe>x</div>', 'txt-1'],
  ['<div><form><input/></form>x</div>', 'txt-1'],
  ['<div><object/><style>x</style>x</div>', 'txt-1'],
  ['<div xmlns="http://www.w3.org/2000/svg">x</div>', 'txt-1'],
  ['<div> <p>\n</p><br/></div>', 'txt-2'],
  ['<div/>', 'txt-2'],
  ['<div><img alt="x"/></div>', 'txt-2'],
  ['<div>x', 'malformed'],
  ['<div><b>x</div>', 'malformed'],
  ['<div><b>x</div></b>', 'malformed'],
  ['<div>x</div>y', 'malformed'],
  ['<div>x</div><div>y</div>', 'malformed'],
  ['<div>a & b</div>', 'malformed'],
  ['<div>a < b</div>', 'malformed'],
  ['<div><br>x</div>', 'malformed'],
  ['<div><p align=left>x</p></div>', 'malformed'],
  ['<div><p class="a" class="b">x</p></div>', 'malformed'],
  ['<div><p title="a<b">x</p></div>', 'malformed'],
  ['<div><![CDATA[x]]></div>', 'malformed'],
  ['<div><?php x ?>x</div>', 'malformed'],
  ['<!DOCTYPE html><div>x</div>', 'malformed'],
  ['<div><svg:script>x</svg:script></div>', 'malformed'],
  ['<div><!-- a -- b -->x</div>', 'malformed'],
  ['<divine>x</divine>', 'malformed'],
  ['<p>x</p>', 'malformed'],
]

for (const [text, fault] of CASES) {
  test(`${fault ?? 'allowed'}: ${text}`, () => assert.equal(narrativeFault(text), fault))
}

test('whatever the text, the answer comes in proportion to its length, and nothing that acts passes', () => {
  const part = fc.constantFrom(
    '<div>',
    '</div>',
    '<p ',
    'a="b"',
    '>',
    '/>',
    '<script>',
    '</script>',
    '&',
    ' on',
    '<!--',
    'x',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join('')
      if (narrativeFault(text) === null) assert.doesNotMatch(text.replace(/<!--.*?-->/g, ''), /<script/)
    }),
  )
  for (const piece of ['<div>', '<!--', '<b ', ' ', '&amp;', 'a="" ', '-']) {
    const startMs = performance.now()
    narrativeFault(`<div>${piece.repeat(1_000_000 / piece.length)}`)
    narrativeFault(`<div ${piece.repeat(1_000_000 / piece.length)}`)
    assert.ok(performance.now() - startMs < 1000, piece)
  }
})
