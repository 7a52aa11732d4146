//// regex_after_arrow
const f = s => /a\/b[/]"'/g.test(s); log(f('a/b/"\''), [1,2].map(x => /x/.source));
//// regex_after_paren_if
if (true) /x/.test('x') && log('r');  let a=4,g=2,i=1; log(a / g / i); log(a++ / 2);
//// regex_after_brace
function q(){}
/foo/g.test('foo') ? log(1) : log(2); ({}) / 2; log(`${{}}` / 2);
//// nested_template
const x=1; log(`a${`b${`c${x}` + '}'}`}${ {a:`}`}.a }`); log(`line
  two   spaces // no comment /* x */`);
//// tagged_template
const t=(s,...v)=>s.raw.join('|')+v.join(','); log(t`a\n${1}b  ${2}\u{41}`);
//// private_fields
class A{#x=1; static #y=2; get #z(){return this.#x+1} static s(){return A.#y} has(o){return #x in o} m(){return this.#z} static { log('static block') } }; log(new A().m(), A.s(), new A().has(new A()), new A().has({}));
//// optional_chaining
const o={a:{b(){return this.c},c:5}}; log(o?.a?.b?.(), o?.x?.y, o?.['a'].c, (o?.a).c, o.z?.(), 1?.5:2); delete o?.a; log(o)
//// nullish
let a=null,b=0; a??=3; b||=4; let c=1; c&&=7; log(a,b,c, (null??undefined)??9, (0||null)??2);
//// exponent
log(2**3**2, (-2)**2, (2**-1)); let e=2; e**=3; log(e)
//// script_close
log('<\/script>', '<!--', '<\/scr'+'ipt>', /<\/script>/.source); log("</scr" + "ipt>")
//// asi_return
function f(){ return
 5 } log(f()); let a=1
let b=a
++b
log(a,b); var c = 1
;[2,3].forEach(x=>log(x))
//// asi_throw
try{ throw new Error('x')
}catch{log('caught')}
let i=0
do i++; while(i<3) log(i)
//// html_comment
log(1) <!-- log(2)
--> log(3)
log(4)
//// html_like_expr
let a=1,b=2; log(a<! --b); log(a-- >b); while(b --> 0) log(b)
//// use_strict
'use strict'; log((function(){return this===undefined})()); try{ undeclaredXyz=1 }catch(e){log(e.name)}
//// use_strict_fn
function s(){'use strict'; return this===undefined} function n(){return this===undefined} log(s(),n());
//// use_strict_after_paren
('use strict'); try{ undeclaredX=1; log('sloppy')}catch(e){log('strict')}
//// directive_like
'use strict' + ''; try{ undeclaredQ=1; log('sloppy')}catch(e){log('strict')}
//// labels
outer: for(let i=0;i<3;i++){ for(let j=0;j<3;j++){ if(j==1) continue outer; if(i==2) break outer; log(i,j)} } foo: { log('in'); break foo; log('no') }
//// getters
const o={get x(){return 1}, set x(v){log('set',v)}, get:2, set:3, async:4, static:5, get get(){return 6}, async *gen(){yield 1}, async async(){}, *[Symbol.iterator](){yield 7}, 'a-b':8, 0x10:9, 1e3:10, [`c`]:11}; o.x=3; log(o.x,o.get,o.set,o.async,o['a-b'],o[16],o[1000],o.c,[...o], Object.keys(o));
//// numeric
log(1_000_000, 0b1010, 0o17, 0xFFn, 10n**20n, .5, 5., 1e21, 1e-7, 0.1+0.2, 100000000000000000000, 1_0.5_0, 0x1F, 123456789012345680000, 0.000001, 5..toString(), 5 .toString(), 1.0.toFixed(1), -0, 1/-0, 1e1000);
//// num_member
log(1000..toString(), 1e3.toString(), 1000.0.toString(), 10.50.toString(), 0xA.toString())
//// legacy_octal
log(010, 08, '\101', '\0')
//// top_level_var_names
var longGlobalName=1; function anotherGlobal(parameterOne){ var innerVariable=parameterOne; return innerVariable } log(Object.keys(globalThis).includes('longGlobalName'), typeof globalThis.anotherGlobal); let lexicalGlobal=3; const constGlobal=4; class ClassGlobal{}
//// unused_top
var neverUsed=5; function neverCalled(){return 6} let alsoUnused=7;
//// unused_pure
1+1; 'x'; Symbol(); log('kept')
//// with_stmt
var obj={p:1}; with(obj){ var r=p; log(p) } log(r)
//// eval_names
function f(longName){ return eval('longName') } log(f(3)); (function(alpha){ var beta=2; log(eval('alpha+beta')) })(1);
//// indirect_eval
var x1='g'; function f(){var x1='l'; return (0,eval)('x1')} log(f()); function g(){ var e=eval; var x1='l'; return e('x1')} log(g())
//// function_name
const namedFn=function(){}; const arrow=()=>{}; class Foo{}; log(namedFn.name, arrow.name, Foo.name, (function bar(){}).name, ({meth(){}}).meth.name); (function(){ const innerName=()=>{}; class Inner{} function decl(){} log(innerName.name, Inner.name, decl.name) })()
//// function_tostring
log((function (a, b) { return a + b }).length, ((a,b=1,...c)=>1).length);
//// arguments_alias
function f(a){ arguments[0]=9; return a } log(f(1)); function g(a=0){ arguments[0]=9; return a } log(g(1));
//// hoisting
log(typeof hoisted, hoisted()); function hoisted(){return 1} log(typeof v); var v=1; { function blockFn(){return 2} } log(blockFn());
//// tdz
try{ log(tdz); let tdz=1 }catch(e){log(e.name)} (function(){ try { zz; let zz } catch(e){ log(e.name)} })()
//// closure_loop
var fs=[]; for(let i=0;i<3;i++) fs.push(()=>i); log(fs.map(f=>f())); var gs=[]; for(var j=0;j<3;j++) gs.push(()=>j); log(gs.map(f=>f()));
//// shadowing
var a=1; (function(){ var b=a; { let a=2; b+=a } log(a,b) })(); (function(a){ try{ throw 5 }catch(a){ var a=7; log(a) } log(a) })(3);
//// catch_shadow
(function(){ var e='outer'; try{ throw 'inner' }catch(e){ log(e); (function(){log(e)})() } log(e) })()
//// destructuring
(function(){ const {a:first, b:{c:second=2}={}, ...others}={a:1,d:4}; const [p,,q=3,...rs]=[1,2,undefined,4,5]; let s,t; [s,t]=[1,2]; ({s,t:t}={s:9,t:8}); log(first,second,others,p,q,rs,s,t) })(); function d({x=1,y}={y:2},[z]=[3]){return [x,y,z]} log(d(), d({y:5},[6]));
//// shorthand
(function(){ const value=1, other=2; const o={value, other, method(){return value}}; log(o, o.method()); const {value:renamed}=o; log(renamed) })()
//// generators
function* g(){ const x=yield 1; log('got',x); yield* [2,3]; return 4 } const it=g(); log(it.next(),it.next('v'),it.next(),it.next(),it.next());
//// async_fn
async function f(){ await null; for await (const x of [1,2]) log(x); return 'done' } f().then(log); (async()=>{ try{ await Promise.reject(new Error('no')) }catch(e){log(e.message)} finally{log('fin')} })();
//// comma
let a=(1,2), b=0; for(let i=0,j=5;i<j;i++,j--) b+=j; log(a,b); (0,log)('x');
//// conditional_nest
function f(x){ if(x>2){ if(x>5) return 'a'; else return 'b' } else if(x) return 'c'; return 'd' } log([0,1,3,6].map(f)); function g(x){ if(x) if(x>1) return 1; else return 2; return 3 } log([0,1,2].map(g));
//// switch
function f(x){ switch(x){ case 1: log('one'); case 2: log('two'); break; default: log('def'); case 3:{ let y=3; log(y) } } } f(1);f(3);f(9);
//// in_operator
for(var k in {a:1}) log(k); for(var i=('a' in {a:1})?1:0;i<2;i++) log(i); log('x' in {}, !('x' in {}));
//// let_for_in
var fs=[]; for (let x of [1]) { fs.push(()=>log(x)) } fs[0](); var let_=3; log(let_)
//// new_target
function F(){ log(new.target===F) } new F; F(); log(new (class{constructor(){this.a=1}})().a, new Date(0).getTime(), new (function(){return function(){this.b=2}}())().b);
//// spread
log(Math.max(...[1,2],3), [...'ab'], {...{a:1},b:2}); function f(...args){return args.length} log(f(...[1,2],...[3]));
//// sequence_this
var o={f(){return this===o}}; log(o.f(), (0,o.f)(), (o.f)());
//// void_typeof
log(void 0, typeof undefinedThing, typeof null, undefined===void 0); (function(undefined){ log(undefined) })(5);
//// infinity_nan
log(Infinity, NaN, -Infinity); (function(){ var NaN=1, Infinity=2; log(NaN, Infinity) })()
//// true_false
log(true,false,!0,!1, true+'' , 'a'+true, typeof true); const o={true:1,false:2}; log(o.true,o.false);
//// string_escapes
log('a\'b', "a\"b", 'a"b', "a'b", '\u{1F600}', '\x41', 'a\
b', '\v\f\0', "\u2028", '	tab');
//// unicode_ident
var ünïcode=1, \u0061bc=2, 変数=3, 𝒳=4; log(ünïcode, abc, 変数, 𝒳);
//// comments_kept
/*! license */ log(1); // @license foo
/** @preserve bar */log(2)
//// plus_plus
var a=1,b=2; log(a+ +b, a- -b, a+ ++b, a++ +b, a - --b, - -a, + +a, -(-a), !(!a));
//// not_precedence
log(!(1 in [1,2]), !('a' instanceof String), (-(2))**2)
//// if_empty
if(log('side')){} if(0);else log('else'); for(;;){break} while(false);
//// debugger
log('x'); if(false) debugger;
//// throw_expr
function f(){ throw {a:1} } try{f()}catch({a}){log(a)} finally{log('f')}
//// computed_class
const k='m'; class A{ static [k]=1; [k+'2'](){return 2} static async *g(){} static get ['x'](){return 3} 'quoted'(){return 4} 123(){return 5} }; log(A.m,new A().m2(),A.x,new A().quoted(),new A()[123]());
//// class_extends
class A{constructor(){this.n=new.target.name} f(){return 'A'}} class B extends A{ f(){return super.f()+'B'} static x=this.name; y=this.f(); z=()=>this.y } log(new B().f(), B.x, new B().y, new B().z(), new B().n)
//// accessor_fields
class A{ get; set; static; async; x
 y=1
 'use strict'
 [Symbol.toStringTag]='T' } log(Object.keys(new A()), String(new A()));
//// object_vs_block
log(eval('{}+1'), eval('({}+1)')); ({a:1}).b; var f=()=>({a:1}); log(f()); var g=()=>{a:1}; log(g());
//// arrow_body
var f=a=>b=>a+b, g=(a)=>({}), h=async x=>x, i=async(x)=>x, j=(a,b)=>{return a,b}; log(f(1)(2), g(), j(1,2)); h(5).then(log);
//// arrow_newline
var f = x =>
 x*2
log(f(2)); var y=f
(3)
log(y)
//// iife_chain
!function(){log('a')}();+function(){log('b')}();(function(){log('c')}());(()=>{log('d')})();new function(){log('e')}
//// var_merge
(function(){ var a=1; log(a); var b=2; var a; log(a,b); for(var c=0;c<1;c++){ var d=c } log(d,c) })()
//// var_dup_param
function f(x){ var x; return x } log(f(3)); function g(x){ var x=2; return [x,arguments[0]] } log(g(3)); function h(a,a){return a} log(h(1,2));
//// fn_in_block_strict
'use strict'; { function inner(){return 1} } log(typeof inner);
//// fn_in_if
if(true){ function cond(){return 'yes'} } log(cond()); log(typeof notyet); if(false){ function notyet(){} }
//// global_fn_override
function dup(){return 1} log(dup()); function dup(){return 2} var dup; log(typeof dup);
//// delete
var o={a:1,b:2}; delete o.a; delete o['b']; log(o); implicit=1; log(delete implicit, typeof implicit);
//// getter_side
var o={get a(){log('get');return 1}}; o.a; o.a?1:2; o&&o.a; void o.a;
//// short_circuit
var n=0; false&&n++; true||n++; true&&n++; n==1?log('ok'):log('no'); if(!n) log('x'); else if(n>0&&n<2||n===5) log('y');
//// typeof_guard
if(typeof module!=='undefined'&&module.exports) log('cjs'); else log('global'); typeof define==='function'&&define.amd;
//// return_undefined
function f(){ return undefined } function g(){ return void 0 } function h(){ if(1) return; log('no') } log(f(),g(),h());
//// dead_code
function f(){ return 1; function inner(){return 2} var x; } log(f()); function g(){ return inner(); function inner(){return 2} } log(g()); function h(){ if(false){ var q=1 } return typeof q } log(h()); function k(){ throw 1; var z } try{k()}catch(e){log(e)}
//// dead_var_global
if(false){ var deadVar=1 } log('deadVar' in globalThis);
//// ternary_assign
var a; if(1) a=1; else a=2; log(a); var b=a?1?2:3:4; log(b); var x=1; x=x?x+1:0; log(x); if(a) b=5, log(b);
//// comma_in_return
function f(){ log(1); log(2); return log(3), 4 } log(f()); function g(a){ if(a){log('x'); return 1} log('y'); return 2 } log(g(0),g(1));
//// for_of_async
var async=[1]; for(var x of async) log(x); for ((async) of [5]); log(async)
//// yield_ident
var yield_=1; function f(){ var yield=2; return yield } log(f()); var await=3; log(await); var of=4; log(of); var get=5,set=6,let1=7,static=8; log(get,set,static)
//// import_meta_like
var o={import:1,export:2,class:3,if:4}; log(o.import,o.export,o.class,o.if);
//// proto
log({__proto__:null} instanceof Object, {'__proto__':Array.prototype} instanceof Array, {['__proto__']:1}.__proto__===1); var __proto__=3; log(({__proto__}).__proto__===3, Object.keys({__proto__:null, 'a':1}))
//// regex_flags
log(/(?<year>\d{4})/u.exec('2020').groups.year, /[\p{L}--[a-z]]/v.test('A'), /a/dgimsuy.flags, /[/\]]+/.test('/]'), /=/.test('='), /(?<=\$)\d+/.exec('$42')[0]);
//// division_chain
var a=8,b=2,g=1; log(a/b/g, a/(b/g), (a+b)/g, [8][0]/2/1); log(a
/b/g)
//// string_concat
var a='x'; log('a'+'b'+a+'c'+'d', 1+2+'3', '1'+2+3, 'a'+1+2, 'a'+(1+2));
//// bigint
log(10n, 0x1Fn, 1_000n, -5n, typeof 1n, 2n**64n, 010)
//// quotes_keys
var o={'a':1,'b-c':2,'1':3,'01':4,'1.5':5,'':6,'if':7,'é':8,'__proto__':null}; log(o, Object.keys(o)); log(o['a'],o['b-c'],o['1'],o['if'],o['1.5'])
//// member_key
var o={a:1,if:2,'x y':3}; log(o['a'],o['if'],o['x y'],o['a']?.b, o?.['a']);
//// octal_str_template
log('\0', '\x00', `\0`)
//// hashbang
#!/usr/bin/env node
log('hb')
//// nested_fn_params
(function(window, document, undefined){ log(typeof window, typeof undefined) })(globalThis, {}); (function($){ $.x=1; log($) })({});
//// default_param_scope
var x='outer'; function f(a=()=>x){ var x='inner'; return a() } log(f()); function g(a, b=a){ a=2; return b } log(g(1));
//// rest_destructure_default
const f=({a=1,...r}={},...[x,y=5])=>[a,r,x,y]; log(f(), f({a:2,b:3},7));
//// catch_optional
try{null.x}catch{log('c')} try{}catch(e){} finally{log('f')}
//// async_arrow_iife
(async()=>{log(await 1)})(); (async function(){log(await 2)})();
//// computed_assign
var i=0,a=[1,2,3]; a[i++]+=5; log(a,i); a[i]??=3; var o={}; o.x=o.y=2; log(o);
//// date_json
log(JSON.stringify({a:undefined,b:()=>1,c:[undefined]}), new Date(2020,0,1).getFullYear());
//// let_names_collide
let a1=1; (function(){ let b=2; log(a1+b); let c=3; { let d=4; log(c+d) } })(); var a=10,b=20,c=30; (function(longone){ log(a+b+c+longone) })(5);
//// global_capture
(function(){ var x=1; e=5; log(typeof t, e) })(); var t=3; log(t); (function(aaa){ t=aaa; n=aaa })(9); log(t,n);
//// label_fn
a: for(;;){ (function(){ a: for(;;) break a })(); break a } log('l')
//// while_if
var i=3; while(i--) if(i==1) continue; else log(i); do log('d'); while(0)
//// empty_stmt
;;;log(1);;if(1){};;
//// big_switch_return
function f(t){ switch(t){case'a':return 1;case'b':case'c':return 2;default:return 3} } log(f('a'),f('c'),f('z'))
//// enum_iife
var E; (function(E){ E[E['A']=0]='A'; E[E['B']=1]='B' })(E||(E={})); log(E);
//// ts_helpers
var __extends=(this&&this.__extends)||function(d,b){for(var p in b)d[p]=b[p]}; log(typeof __extends)
//// undefined_arg
function f(a){ return a===undefined } log(f(), f(undefined), f(void 0)); var {u=undefined}={}; log(u)
//// minus_zero
log(Object.is(-0,0), 1/(-0), Object.is(0*-1,-0), [-0][0]===0)
