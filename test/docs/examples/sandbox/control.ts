import { SandboxControl } from 'nestjs-lalamove/sandbox';

const control = SandboxControl.connect('http://127.0.0.1:4010');
await control.setBalance({ market: 'HK' }, '0');
